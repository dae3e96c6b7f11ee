"""Taglines and synopses of generated titles, each sentence in English and Hindi.

In Hindi no verb agrees with a person, for what is filled in may be of either gender; events are in the
oblique case, which is what follows them asks for.
"""

from random import Random

from .words import FIRST_NAMES, PLACES, Pair, pairs

EVENTS = pairs(
    """
    wedding=एक शादी, inheritance=एक वसीयत, old photograph=एक पुरानी तस्वीर, court case=एक मुक़दमे
    missing painting=एक ग़ायब पेंटिंग, cricket match=एक क्रिकेट मैच, great flood=एक भीषण बाढ़
    stolen idol=एक चोरी हुई मूर्ति, unpaid debt=एक पुराने क़र्ज़, broken promise=एक टूटे वादे
    village election=गाँव के एक चुनाव, night of the fire=आग वाली एक रात
    """
)
OPENINGS = [
    Pair(
        "After {number} years the {event.en} brings {name.en} back to {place.en}.",
        "{number} साल बाद {event.hi} के कारण {name.hi} को {place.hi} लौटना पड़ता है।",
    ),
    Pair(
        "{place.en} is all the world that {name.en} needs, until the {event.en} changes everything.",
        "{name.hi} के लिए {place.hi} ही पूरी दुनिया है, लेकिन {event.hi} के कारण सब कुछ बदल जाता है।",
    ),
    Pair(
        "Nobody in {place.en} talks about the {event.en}, and {name.en} is about to find out why.",
        "{place.hi} में {event.hi} के बारे में कोई बात नहीं करता, और {name.hi} को इसकी वजह जल्द ही पता चलने वाली है।",
    ),
    Pair(
        "In {place.en}, {name.en} and {friend.en} share a roof, a debt and a secret.",
        "{place.hi} में {name.hi} और {friend.hi} के बीच एक छत, एक क़र्ज़ और एक राज़ साझा है।",
    ),
    Pair(
        "{name.en} has {number} days to save the family business in {place.en}.",
        "{place.hi} में ख़ानदानी कारोबार बचाने के लिए {name.hi} के पास {number} दिन हैं।",
    ),
    Pair(
        "A letter without a sender takes {name.en} from home to {place.en}.",
        "बिना नाम की एक चिट्ठी {name.hi} को घर से {place.hi} ले जाती है।",
    ),
]
MIDDLES = [
    Pair("{friend.en} offers to help, at a price.", "{friend.hi} से मदद तो मिल सकती है, पर उसकी एक क़ीमत है।"),
    Pair(
        "Old friends turn into rivals, and a rival into the only friend.",
        "पुराने दोस्त दुश्मन बन जाते हैं, और एक दुश्मन अकेला दोस्त।",
    ),
    Pair(
        "What begins as a favour soon becomes a chase.",
        "जो बात एक एहसान से शुरू होती है, वह जल्द ही भागदौड़ में बदल जाती है।",
    ),
    Pair(
        "The only witness is {friend.en}, who remembers it differently.",
        "अकेली गवाही {friend.hi} की है, जिसे सब कुछ अलग ही याद है।",
    ),
    Pair("Every answer raises a harder question.", "हर जवाब के साथ एक और मुश्किल सवाल खड़ा हो जाता है।"),
    Pair(
        "The neighbours have opinions, and all of them are loud.",
        "पड़ोसियों की अपनी-अपनी राय है, और सबकी आवाज़ ऊँची है।",
    ),
]
ENDINGS = [
    Pair(
        "By the time the rains come, somebody will have to tell the truth.",
        "बारिश आने तक किसी न किसी को सच कहना ही होगा।",
    ),
    Pair("Time is short, and the last train has left.", "वक़्त कम है, और आख़िरी रेलगाड़ी जा चुकी है।"),
    Pair(
        "A story about family, and what we owe to it.",
        "परिवार की कहानी, और उस क़र्ज़ की जो उसका हम पर है।",
    ),
    Pair("Nobody comes out of it unchanged.", "इसके बाद कोई भी पहले जैसा नहीं रहता।"),
    Pair(
        "It ends where it began, and nothing is the same.",
        "कहानी वहीं ख़त्म होती है जहाँ से शुरू हुई थी, पर कुछ भी पहले जैसा नहीं रहता।",
    ),
    Pair("Some doors are better left closed.", "कुछ दरवाज़े बंद ही अच्छे।"),
]
TAGLINES = [
    Pair("Some promises outlive us.", "कुछ वादे हमसे लंबी उम्र पाते हैं।"),
    Pair("Everybody is looking for something.", "हर किसी को किसी न किसी चीज़ की तलाश है।"),
    Pair("The truth takes the long way home.", "सच घर लौटने में देर लगाता है।"),
    Pair("One night changes a whole town.", "एक रात, और पूरा शहर बदल जाता है।"),
    Pair("Love comes without an invitation.", "प्यार बिन बुलाए आता है।"),
    Pair("Nobody wins alone.", "अकेले कोई नहीं जीतता।"),
    Pair("The past has a return ticket.", "बीता हुआ कल वापसी का टिकट लेकर आता है।"),
    Pair("Laugh now, explain later.", "पहले हँस लो, बताना बाद में।"),
    Pair("Every family has one.", "हर परिवार में एक तो होता ही है।"),
    Pair("It began with a knock on the door.", "शुरुआत दरवाज़े पर एक दस्तक से हुई।"),
    Pair("Home is further than it looks.", "घर जितना दिखता है, उससे दूर है।"),
    Pair("What the river takes, the river keeps.", "नदी जो ले जाती है, लौटाती नहीं।"),
]
MATCH = Pair(
    "{home.en} meet {away.en} at {place.en}, with the table as tight as it has ever been.",
    "{place.hi} में {home.hi} का सामना {away.hi} से है, और अंक तालिका में मुक़ाबला बेहद क़रीबी है।",
)


def synopsis(random: Random) -> Pair:
    """Three sentences about the same people."""
    name, friend = random.sample(FIRST_NAMES, 2)
    words = {
        "name": name,
        "friend": friend,
        "place": random.choice(PLACES),
        "event": random.choice(EVENTS),
        "number": random.randint(3, 30),
    }
    parts = [random.choice(one) for one in (OPENINGS, MIDDLES, ENDINGS)]
    return Pair(
        " ".join(one.en for one in parts).format(**words), " ".join(one.hi for one in parts).format(**words)
    )


def sentence(random: Random) -> Pair:
    """One sentence, for an episode."""
    words = {"friend": random.choice(FIRST_NAMES)}
    chosen = random.choice(MIDDLES)
    return Pair(chosen.en.format(**words), chosen.hi.format(**words))


def tagline(random: Random) -> Pair:
    return random.choice(TAGLINES)


def match(home: Pair, away: Pair, place: Pair) -> Pair:
    words = {"home": home, "away": away, "place": place}
    return Pair(MATCH.en.format(**words), MATCH.hi.format(**words))
