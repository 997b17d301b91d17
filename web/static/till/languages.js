// The languages of the pages, as their readers call them.

export const LANGUAGES = { en: "English", bn: "বাংলা", hi: "हिन्दी", ml: "മലയാളം", te: "తెలుగు", th: "ไทย" };
