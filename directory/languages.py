"""The languages that an entry may name: ISO 639 codes with their English names, those most spoken in American homes and hospitals."""

LANGUAGES = (
    ("en", "English"), ("es", "Spanish"), ("ase", "American Sign Language"), ("am", "Amharic"), ("ar", "Arabic"), ("hy", "Armenian"),
    ("bn", "Bengali"), ("bs", "Bosnian"), ("my", "Burmese"), ("yue", "Cantonese"), ("hr", "Croatian"), ("cs", "Czech"), ("fa", "Farsi"),
    ("fr", "French"), ("de", "German"), ("el", "Greek"), ("gu", "Gujarati"), ("ht", "Haitian Creole"), ("he", "Hebrew"), ("hi", "Hindi"),
    ("hmn", "Hmong"), ("hu", "Hungarian"), ("ig", "Igbo"), ("id", "Indonesian"), ("it", "Italian"), ("ja", "Japanese"), ("km", "Khmer"),
    ("ko", "Korean"), ("lo", "Lao"), ("cmn", "Mandarin"), ("nv", "Navajo"), ("ne", "Nepali"), ("ps", "Pashto"), ("pl", "Polish"),
    ("pt", "Portuguese"), ("pa", "Punjabi"), ("ro", "Romanian"), ("ru", "Russian"), ("sr", "Serbian"), ("so", "Somali"), ("sw", "Swahili"),
    ("tl", "Tagalog"), ("ta", "Tamil"), ("te", "Telugu"), ("th", "Thai"), ("ti", "Tigrinya"), ("uk", "Ukrainian"), ("ur", "Urdu"),
    ("vi", "Vietnamese"), ("yi", "Yiddish"), ("yo", "Yoruba"),
)  # fmt: skip
NAMES = dict(LANGUAGES)
