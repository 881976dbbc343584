/** The port through which a store tells, whoever keeps what it said, that a commit has changed it. */

/**
 * Ids of what reads otherwise from now on; too many is only slower. `everything`: anything may. To be looked at in the
 * turn in which it is told.
 */
export type Changed = Iterable<number> | 'everything';

/**
 * What a store gives to whoever keeps what it said. A store has one for each kind of thing that its readers keep; the
 * ids are those of that kind.
 */
export interface ChangeSource {
  /**
   * Whether every change of the store goes through this very handle, so that its listeners hear of all. This is the one
   * place that says so: where it is false nothing is kept, and the same code asks the store each time.
   */
  readonly soleOwner: boolean;
  /**
   * Calls `listener` in the very turn in which reads begin to see a commit: before the commit is answered, and before
   * anybody can read its events. A read that begins after that turn sees the commit.
   */
  onChange(listener: (changed: Changed) => void): void;
}

/** Of what never changes once it is. */
export const NEVER_CHANGES: ChangeSource = { soleOwner: true, onChange: () => {} };

/** Of a store in another process, which tells nothing. */
export const TELLS_NOTHING: ChangeSource = { soleOwner: false, onChange: () => {} };

export interface ChangeTeller extends ChangeSource {
  /** To be called in the turn that {@link ChangeSource.onChange} promises. */
  tell(changed: Changed): void;
}

/** A source for a store to tell its changes through. */
export function createChangeTeller({ soleOwner }: Pick<ChangeSource, 'soleOwner'>): ChangeTeller {
  const listeners: ((changed: Changed) => void)[] = [];
  return {
    soleOwner,
    onChange: (listener) => void listeners.push(listener),
    tell(changed) {
      for (const listener of listeners) listener(changed);
    },
  };
}
