/** A language tag as far as it decides anything here: language, script, region. */
const tag = /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i;
const longest = 500;

/** The language a client would like best (RFC 9110, 12.5.4), in its canonical spelling; `en` where it says none. */
export function preferredLocale(acceptLanguage: string | undefined): string {
  const ranges = (acceptLanguage ?? '')
    .slice(0, longest)
    .split(',')
    .map((range) => {
      const [name = '', quality = 'q=1'] = range.split(';').map((part) => part.trim());
      return { name, quality: /^q=[01](\.\d{0,3})?$/.test(quality) ? Number(quality.slice(2)) : 0 };
    })
    .filter(({ name, quality }) => quality > 0 && tag.test(name));
  const best = ranges.toSorted((one, other) => other.quality - one.quality)[0];
  return best ? (Intl.getCanonicalLocales(best.name)[0] ?? 'en') : 'en';
}
