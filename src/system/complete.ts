/** A value of `Deps` in which each member is given, those that may be absent too: as undefined, where none is meant. */
export type Complete<Deps> = { [Name in keyof Required<Deps>]: Deps[Name] };

/**
 * What a part is made of, given in full. Parts have defaults for tests; the composition root uses this, so that the
 * compiler names whoever does not hand a new one on.
 */
export function complete<Deps>(deps: Complete<Deps>): Deps {
  return deps as Deps;
}

/** What is left of dependencies when all have been taken: `rest satisfies Nothing` fails for a forgotten one. */
export type Nothing = Record<string, never>;
