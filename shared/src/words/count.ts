/** `1 server`, `3 servers`. `nouns`: for one that does not just take an s. */
export const count = (n: number, noun: string, nouns = `${noun}s`): string => `${n} ${n === 1 ? noun : nouns}`;
