/**
 * Failpoints: named moments at which a test makes the process die as by `kill -9`. `armed` is the name in
 * `PLAYSPAWN_FAILPOINT`, read by each process's config; in production none is armed and each call costs a comparison.
 */
export type Failpoint<Name extends string> = (name: Name) => void;

/** @throws Error when `armed` is not one of `names`: a misspelt failpoint would be a test that cannot fail. */
export function failpoint<Name extends string>(
  names: readonly Name[],
  armed: string | undefined,
  die: () => void,
): Failpoint<Name> {
  if (armed !== undefined && !names.includes(armed as Name))
    throw new Error(`there is no failpoint ${armed}; known: ${names.join(", ")}`);
  return (name) => {
    if (name === armed) die();
  };
}
