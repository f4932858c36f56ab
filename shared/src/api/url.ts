/** Paths of the API with their parameters filled in. */

export interface UrlParts {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
}

/** `/servers/{id}` with `{path: {id: "a/b"}, query: {tail: 5}}` → `/servers/a%2Fb?tail=5`. */
export function urlOf(template: string, { path = {}, query = {} }: UrlParts): string {
  const filled = template.replace(/\{([^}]+)\}/g, (_whole, name: string) => encodeURIComponent(path[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}
