// Whatever the player says, in one place for each language; the page's `lang` chooses.

const en = {
  player: "Video player",
  play: "Play", pause: "Pause", replay: "Play again",
  back10: "Back 10 seconds", forward10: "Forward 10 seconds",
  mute: "Mute", unmute: "Unmute", volume: "Volume",
  seek: "Position", position: (now, all) => `${now} of ${all}`,
  left: (time) => `−${time}`,
  pip: "Picture in picture", pipLeave: "Leave picture in picture",
  full: "Full screen", fullLeave: "Leave full screen",
  next: "Next episode", close: "Close", back: "Back",
  words: "Audio and subtitles", audio: "Audio", subtitles: "Subtitles", off: "Off",
  described: (label) => `${label} – audio description`, sdh: (label) => `${label} (CC)`,
  captionStyle: "Subtitle style",
  settings: "Quality and speed", quality: "Quality", auto: "Auto", autoNow: (height) => `Auto (${height}p)`,
  speed: "Speed", normal: "Normal", rate: (rate) => `${rate}×`,
  autoplay: "Autoplay next episode", keys: "Keyboard shortcuts",
  style: {
    size: "Size", color: "Colour", background: "Background", edge: "Edge", reset: "Reset", sample: "This is how subtitles look",
    sizes: { small: "Small", medium: "Medium", large: "Large", huge: "Very large" },
    colors: { white: "White", yellow: "Yellow", cyan: "Cyan", green: "Green" },
    backgrounds: { none: "None", soft: "Translucent", solid: "Solid" },
    edges: { none: "None", shadow: "Shadow", outline: "Outline" },
  },
  skip: { intro: "Skip intro", recap: "Skip recap" },
  nextCard: {
    title: "Next episode", counting: (s) => `Next episode in ${s} s`, of: (season, number) => `S${season} · E${number}`,
    play: "Play now", stay: "Watch credits", away: "Not now",
  },
  still: { title: "Are you still watching?", yes: "Yes, go on", no: "No, stop here" },
  resume: { title: "Go on where you stopped?", at: (time) => `Resume at ${time}`, over: "Start over" },
  offline: "No connection. It goes on by itself as soon as the network is back.",
  online: "The connection is back",
  failed: "This video cannot be played right now.", again: "Try again",
  loading: "Loading", said: {
    playing: "Playing", paused: "Paused", ended: "The end", buffering: "Buffering",
    speed: (rate) => `Speed ${rate}`, volume: (percent) => `Volume ${percent}%`, muted: "Muted",
    subtitles: (label) => `Subtitles: ${label}`, audio: (label) => `Audio: ${label}`, quality: (label) => `Quality: ${label}`,
    skipped: "Skipped",
  },
  help: {
    play: "Play or pause", seek10: "Back or forward 10 seconds", tenths: "Jump to 0–90 %",
    ends: "To the beginning or the end", volume: "Volume", mute: "Mute", full: "Full screen", captions: "Subtitles on or off",
    pip: "Picture in picture", speed: "Slower or faster", next: "Next episode", help: "This list", or: "or",
    space: "Space",
  },
};

const hi = {
  player: "वीडियो प्लेयर",
  play: "चलाएँ", pause: "रोकें", replay: "फिर से चलाएँ",
  back10: "10 सेकंड पीछे", forward10: "10 सेकंड आगे",
  mute: "आवाज़ बंद करें", unmute: "आवाज़ चालू करें", volume: "आवाज़",
  seek: "स्थान", position: (now, all) => `${all} में से ${now}`,
  left: (time) => `−${time}`,
  pip: "पिक्चर इन पिक्चर", pipLeave: "पिक्चर इन पिक्चर से बाहर",
  full: "पूरी स्क्रीन", fullLeave: "पूरी स्क्रीन से बाहर",
  next: "अगली कड़ी", close: "बंद करें", back: "वापस",
  words: "ऑडियो और सबटाइटल", audio: "ऑडियो", subtitles: "सबटाइटल", off: "बंद",
  described: (label) => `${label} – ऑडियो विवरण`, sdh: (label) => `${label} (CC)`,
  captionStyle: "सबटाइटल की शैली",
  settings: "क्वालिटी और गति", quality: "क्वालिटी", auto: "स्वचालित", autoNow: (height) => `स्वचालित (${height}p)`,
  speed: "गति", normal: "सामान्य", rate: (rate) => `${rate}×`,
  autoplay: "अगली कड़ी अपने आप चलाएँ", keys: "कीबोर्ड शॉर्टकट",
  style: {
    size: "आकार", color: "रंग", background: "पृष्ठभूमि", edge: "किनारा", reset: "रीसेट करें", sample: "सबटाइटल ऐसे दिखेंगे",
    sizes: { small: "छोटा", medium: "मध्यम", large: "बड़ा", huge: "बहुत बड़ा" },
    colors: { white: "सफ़ेद", yellow: "पीला", cyan: "आसमानी", green: "हरा" },
    backgrounds: { none: "कोई नहीं", soft: "हल्की", solid: "गहरी" },
    edges: { none: "कोई नहीं", shadow: "छाया", outline: "रूपरेखा" },
  },
  skip: { intro: "इंट्रो छोड़ें", recap: "रीकैप छोड़ें" },
  nextCard: {
    title: "अगली कड़ी", counting: (s) => `अगली कड़ी ${s} सेकंड में`, of: (season, number) => `सी${season} · ए${number}`,
    play: "अभी चलाएँ", stay: "क्रेडिट देखें", away: "अभी नहीं",
  },
  still: { title: "क्या आप अब भी देख रहे हैं?", yes: "हाँ, चलाएँ", no: "नहीं, यहीं रोकें" },
  resume: { title: "जहाँ छोड़ा था, वहीं से देखें?", at: (time) => `${time} से आगे देखें`, over: "शुरू से देखें" },
  offline: "कनेक्शन नहीं है। नेटवर्क लौटते ही वीडियो अपने आप चलेगा।",
  online: "कनेक्शन लौट आया",
  failed: "यह वीडियो अभी नहीं चल सकता।", again: "फिर कोशिश करें",
  loading: "लोड हो रहा है", said: {
    playing: "चल रहा है", paused: "रुका हुआ", ended: "समाप्त", buffering: "बफ़र हो रहा है",
    speed: (rate) => `गति ${rate}`, volume: (percent) => `आवाज़ ${percent}%`, muted: "आवाज़ बंद",
    subtitles: (label) => `सबटाइटल: ${label}`, audio: (label) => `ऑडियो: ${label}`, quality: (label) => `क्वालिटी: ${label}`,
    skipped: "छोड़ा गया",
  },
  help: {
    play: "चलाएँ या रोकें", seek10: "10 सेकंड पीछे या आगे", tenths: "0–90 % पर जाएँ",
    ends: "शुरुआत या अंत में", volume: "आवाज़", mute: "आवाज़ बंद", full: "पूरी स्क्रीन", captions: "सबटाइटल चालू या बंद",
    pip: "पिक्चर इन पिक्चर", speed: "धीमा या तेज़", next: "अगली कड़ी", help: "यह सूची", or: "या",
    space: "स्पेस",
  },
};

const LANGUAGES = { en, hi };

/** The texts of the page's language, else English. */
export function messages() {
  return LANGUAGES[document.documentElement.lang.split("-")[0]] ?? en;
}
