/** The shape of a page about an error code. Texts are HTML-free: what stands in backquotes is shown as code. */
export interface ErrorPage {
  /** What happened, in one or two sentences. */
  means: string;
  /** Usual causes, the most likely first. */
  causes: readonly string[];
  /** What to do, in order. */
  remedy: readonly string[];
  /** The sentence as somebody met it. */
  example: string;
}
