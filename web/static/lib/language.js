/** The language of the page: BCP 47, with the region where there is one, e.g. hi-IN. */
export const language = document.documentElement.lang;
