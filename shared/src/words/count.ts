/** `1 server`, `3 servers`. `noun`: one that takes an s. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
