"""The words that generated names are made of, in English and Hindi.

Nouns carry the gender that adjectives and the genitive agree with in Hindi; adjectives their two forms.
"""

from typing import NamedTuple


class Noun(NamedTuple):
    en: str
    hi: str
    feminine: bool


class Adjective(NamedTuple):
    en: str
    masculine: str
    feminine: str

    def agreeing(self, noun: Noun) -> str:
        return self.feminine if noun.feminine else self.masculine


class Pair(NamedTuple):
    en: str
    hi: str


def pairs(text: str) -> list[Pair]:
    """One `English=Hindi` an entry, entries separated by commas or lines."""
    entries = text.replace("\n", ",").split(",")
    return [Pair(*entry.strip().split("=")) for entry in entries if entry.strip()]


def nouns(text: str, *, feminine: bool) -> list[Noun]:
    return [Noun(*pair, feminine) for pair in pairs(text)]


def adjectives(text: str) -> list[Adjective]:
    """`English=masculine/feminine`, or `English=form` where there is one form."""
    found = [(pair.en, *pair.hi.split("/")) for pair in pairs(text)]
    return [Adjective(en, forms[0], forms[-1]) for en, *forms in found]


MASCULINE = nouns(
    """
    Monsoon=मानसून, Lamp=दीया, Road=रास्ता, Shadow=साया, Promise=वादा, Mirror=आईना, Storm=तूफ़ान, Garden=बाग़
    Secret=राज़, Dream=सपना, Song=गीत, Bridge=पुल, Island=टापू, Door=दरवाज़ा, Map=नक़्शा, Debt=क़र्ज़
    Trial=मुक़दमा, Journey=सफ़र, Witness=गवाह, Thief=चोर, King=राजा, Soldier=सिपाही, Maestro=उस्ताद
    Detective=जासूस, Stranger=अजनबी, Neighbour=पड़ोसी, Brother=भाई, Gambler=जुआरी, Boatman=माँझी
    Postman=डाकिया, Cook=बावर्ची, Tiger=बाघ, Elephant=हाथी, Peacock=मोर, Horse=घोड़ा, Moon=चाँद
    Star=सितारा, Sky=आसमान, Sea=समंदर, Forest=जंगल, Mountain=पहाड़, Desert=रेगिस्तान, Well=कुआँ, Fort=क़िला
    Palace=महल, Market=बाज़ार, Station=स्टेशन, Harbour=बंदरगाह, Factory=कारख़ाना, Hospital=अस्पताल, House=घर
    Courtyard=आँगन, Village=गाँव, City=शहर, Truth=सच, Lie=झूठ, Sorrow=ग़म, Revenge=बदला, Justice=इंसाफ़
    Drum=ढोल, Dance=नाच, Fair=मेला, Necklace=हार, Coin=सिक्का, Treasure=ख़ज़ाना, Crown=ताज, Arrow=तीर
    Radio=रेडियो, Recipe=नुस्ख़ा, Mango=आम, Banyan=बरगद, Lotus=कमल, Seed=बीज, Thread=धागा, Umbrella=छाता
    """,
    feminine=False,
)
FEMININE = nouns(
    """
    River=नदी, Letter=चिट्ठी, Train=रेलगाड़ी, Kite=पतंग, Night=रात, Morning=सुबह, Key=चाबी, Clock=घड़ी
    Wedding=शादी, Harvest=फ़सल, Queen=रानी, Daughter=बेटी, Fire=आग, Rain=बारिश, Snow=बर्फ़, Dust=धूल
    Lake=झील, School=पाठशाला, Window=खिड़की, Lane=गली, Border=सरहद, Battle=जंग, Memory=याद, Silence=ख़ामोशी
    Laughter=हँसी, Hope=उम्मीद, Courage=हिम्मत, Freedom=आज़ादी, Destiny=क़िस्मत, Story=कहानी, Riddle=पहेली
    Melody=धुन, Flute=बाँसुरी, Bangle=चूड़ी, Sword=तलवार, Shield=ढाल, Boat=नाव, Cart=बैलगाड़ी, Bicycle=साइकिल
    Photograph=तस्वीर, Diary=डायरी, Jasmine=चमेली, Shawl=शॉल, Lantern=लालटेन, Candle=मोमबत्ती
    """,
    feminine=True,
)
NOUNS = MASCULINE + FEMININE
ADJECTIVES = adjectives(
    """
    Silent=ख़ामोश, Golden=सुनहरा/सुनहरी, Broken=टूटा/टूटी, Last=आख़िरी, First=पहला/पहली, Lost=गुमशुदा
    Hidden=छुपा/छुपी, Red=लाल, Blue=नीला/नीली, Black=काला/काली, White=सफ़ेद, Green=हरा/हरी, Crimson=सुर्ख़
    Old=पुराना/पुरानी, New=नया/नई, Long=लंबा/लंबी, Little=छोटा/छोटी, Great=महान, Lonely=तन्हा, Wild=जंगली
    Burning=जलता/जलती, Forgotten=भूला-बिसरा/भूली-बिसरी, Sacred=पवित्र, Cursed=शापित, Strange=अजीब
    Distant=दूर का/दूर की, Endless=अंतहीन, Sleepless=जागता/जागती, Wandering=भटकता/भटकती
    Borrowed=उधार का/उधार की, Stolen=चोरी का/चोरी की, Peerless=बेमिसाल, Bitter=कड़वा/कड़वी
    Sweet=मीठा/मीठी, Dark=अँधेरा/अँधेरी, Bright=उजला/उजली, Deep=गहरा/गहरी, Empty=ख़ाली, Royal=शाही
    Humble=मामूली, Brave=बहादुर, Foolish=नादान, Honest=ईमानदार, Clever=चालाक, Shy=शर्मीला/शर्मीली
    Restless=बेचैन, Gentle=कोमल, Fierce=प्रचंड, Ancient=प्राचीन, Modern=आधुनिक, Second=दूसरा/दूसरी
    Seventh=सातवाँ/सातवीं, Unfinished=अधूरा/अधूरी, Invisible=अदृश्य, Midnight=आधी रात का/आधी रात की
    Paper=काग़ज़ का/काग़ज़ की, Iron=लोहे का/लोहे की, Silver=चाँदी का/चाँदी की, Glass=काँच का/काँच की
    Stone=पत्थर का/पत्थर की, Velvet=मख़मली
    """
)
PLACES = pairs(
    """
    Mumbai=मुंबई, Delhi=दिल्ली, Kolkata=कोलकाता, Chennai=चेन्नई, Bengaluru=बेंगलुरु, Hyderabad=हैदराबाद
    Pune=पुणे, Jaipur=जयपुर, Jodhpur=जोधपुर, Udaipur=उदयपुर, Jaisalmer=जैसलमेर, Lucknow=लखनऊ, Kanpur=कानपुर
    Varanasi=वाराणसी, Prayagraj=प्रयागराज, Agra=आगरा, Mathura=मथुरा, Amritsar=अमृतसर, Ludhiana=लुधियाना
    Chandigarh=चंडीगढ़, Shimla=शिमला, Manali=मनाली, Dharamshala=धर्मशाला, Dehradun=देहरादून, Mussoorie=मसूरी
    Nainital=नैनीताल, Rishikesh=ऋषिकेश, Haridwar=हरिद्वार, Srinagar=श्रीनगर, Leh=लेह, Ladakh=लद्दाख़, Patna=पटना
    Gaya=गया, Ranchi=राँची, Bhopal=भोपाल, Indore=इंदौर, Gwalior=ग्वालियर, Ujjain=उज्जैन, Nagpur=नागपुर
    Nashik=नाशिक, Goa=गोवा, Surat=सूरत, Vadodara=वडोदरा, Bhuj=भुज, Kutch=कच्छ, Kochi=कोच्चि
    Kozhikode=कोझिकोड, Munnar=मुन्नार, Madurai=मदुरै, Ooty=ऊटी, Mysuru=मैसूर, Hampi=हम्पी, Mangaluru=मंगलुरु
    Puducherry=पुदुचेरी, Puri=पुरी, Cuttack=कटक, Darjeeling=दार्जिलिंग, Siliguri=सिलीगुड़ी, Gangtok=गंगटोक
    Shillong=शिलांग, Guwahati=गुवाहाटी, Majuli=माजुली, Kohima=कोहिमा, Imphal=इंफाल, Agartala=अगरतला
    Kathmandu=काठमांडू, Pokhara=पोखरा, Colombo=कोलंबो, Galle=गॉल, Dhaka=ढाका, London=लंदन, Paris=पेरिस
    Dubai=दुबई, Istanbul=इस्तांबुल, Zanzibar=ज़ंज़ीबार, Singapore=सिंगापुर, Tokyo=टोक्यो, Malabar=मालाबार
    Bundelkhand=बुंदेलखंड, Awadh=अवध
    """
)
FIRST_NAMES = pairs(
    """
    Aarav=आरव, Aditi=अदिति, Ajay=अजय, Akash=आकाश, Amina=अमीना, Amit=अमित, Ananya=अनन्या, Anil=अनिल
    Anjali=अंजलि, Arjun=अर्जुन, Arun=अरुण, Asha=आशा, Asif=आसिफ़, Bhavna=भावना, Chitra=चित्रा, Danish=दानिश
    Deepa=दीपा, Dev=देव, Divya=दिव्या, Farah=फ़राह, Farhan=फ़रहान, Gauri=गौरी, Gopal=गोपाल, Harish=हरीश
    Ila=इला, Imran=इमरान, Indu=इंदु, Isha=ईशा, Jaya=जया, Jatin=जतिन, Kabir=कबीर, Kamala=कमला, Karan=करण
    Kavita=कविता, Kiran=किरण, Lakshmi=लक्ष्मी, Lata=लता, Leela=लीला, Madhav=माधव, Manoj=मनोज, Maya=माया
    Meera=मीरा, Mohan=मोहन, Nadia=नादिया, Naveen=नवीन, Neha=नेहा, Nikhil=निखिल, Nisha=निशा, Om=ओम
    Pooja=पूजा, Prakash=प्रकाश, Priya=प्रिया, Radha=राधा, Rahul=राहुल, Rajan=राजन, Rashid=राशिद, Ravi=रवि
    Rekha=रेखा, Rohan=रोहन, Sahil=साहिल, Sameer=समीर, Sarita=सरिता, Shanti=शांति, Shreya=श्रेया, Sunil=सुनील
    Tara=तारा, Uma=उमा, Usha=उषा, Varun=वरुण, Vijay=विजय, Vimala=विमला, Yash=यश, Zara=ज़ारा, Zoya=ज़ोया
    """
)
LAST_NAMES = pairs(
    """
    Agarwal=अग्रवाल, Ahmed=अहमद, Ansari=अंसारी, Bajpai=बाजपेयी, Banerjee=बनर्जी, Barua=बरुआ, Basu=बसु
    Bedi=बेदी, Bhatt=भट्ट, Bhosale=भोसले, Biswas=बिस्वास, Bose=बोस, Chandra=चंद्रा, Chauhan=चौहान
    Chopra=चोपड़ा, Das=दास, Desai=देसाई, Deshmukh=देशमुख, Dixit=दीक्षित, Dutta=दत्ता, Fernandes=फ़र्नांडिस
    Gill=गिल, Gokhale=गोखले, Gupta=गुप्ता, Hegde=हेगड़े, Iyer=अय्यर, Jain=जैन, Joshi=जोशी, Kale=काले
    Kaul=कौल, Khan=ख़ान, Khanna=खन्ना, Kulkarni=कुलकर्णी, Kumar=कुमार, Lal=लाल, Mathur=माथुर, Mehta=मेहता
    Menon=मेनन, Mirza=मिर्ज़ा, Mishra=मिश्रा, Mukherjee=मुखर्जी, Naidu=नायडू, Nair=नायर, Narayan=नारायण
    Pandey=पांडेय, Patel=पटेल, Patil=पाटिल, Pillai=पिल्लै, Pradhan=प्रधान, Prasad=प्रसाद, Qureshi=क़ुरैशी
    Rao=राव, Rathore=राठौर, Reddy=रेड्डी, Roy=रॉय, Saxena=सक्सेना, Sen=सेन, Seth=सेठ, Shah=शाह
    Sharma=शर्मा, Shetty=शेट्टी, Siddiqui=सिद्दीक़ी, Singh=सिंह, Sinha=सिन्हा, Soni=सोनी, Thapa=थापा
    Tiwari=तिवारी, Trivedi=त्रिवेदी, Varma=वर्मा, Yadav=यादव
    """
)
INITIALS = pairs(
    """
    A=ए, B=बी, C=सी, D=डी, G=जी, H=एच, J=जे, K=के, L=एल, M=एम, N=एन, P=पी, R=आर, S=एस, T=टी, V=वी, Y=वाई
    """
)
TEAMS = pairs(
    """
    Mumbai Mariners=मुंबई मैरिनर्स, Delhi Drummers=दिल्ली ड्रमर्स, Kolkata Comets=कोलकाता कॉमेट्स
    Chennai Cyclones=चेन्नई साइक्लोन्स, Bengaluru Beacons=बेंगलुरु बीकन्स, Hyderabad Hawks=हैदराबाद हॉक्स
    Pune Pioneers=पुणे पायनियर्स, Jaipur Jaguars=जयपुर जैगुआर्स, Lucknow Lancers=लखनऊ लांसर्स
    Kochi Krakens=कोच्चि क्रैकन्स, Goa Gulls=गोवा गल्स, Bhopal Badgers=भोपाल बैजर्स, Patna Phoenix=पटना फ़ीनिक्स
    Ranchi Rockets=राँची रॉकेट्स, Guwahati Griffins=गुवाहाटी ग्रिफ़िन्स, Shimla Sabres=शिमला सेबर्स
    """
)
COMPETITIONS = pairs(
    """
    Monsoon League=मानसून लीग, Super Six=सुपर सिक्स, Coastal Cup=कोस्टल कप, National Shield=नेशनल शील्ड
    Hill Trophy=हिल ट्रॉफ़ी, Delta Series=डेल्टा सीरीज़
    """
)
# Of the competitions above.
SPORTS = ["Cricket", "Cricket", "Football", "Football", "Hockey", "Kabaddi"]
