export interface Live {
  /** Calls `look` now and after every message until it answers something; fails after `limitMs` with what was seen last. */
  until<T>(what: string, limitMs: number, look: () => Promise<T | undefined>): Promise<T>;
  close(): void;
}
export declare function live(url: () => string, token: () => string): Live;
