/** Checks passwords, and counts the wrong ones to limit guessing. */
import type { Client } from './accounts.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** Counts wrong passwords; implemented by the limits of the gateway. */
export interface PasswordAttempts {
  /** Counts an attempt for this account and this address, before it is checked. Throws `rate_limited`. */
  attempt(request: { account: string; address: string; site?: string | null }): { giveBack(): void };
}

export interface PasswordCheckDeps {
  hasher: Pick<PasswordHasher, 'verify' | 'unmatched'>;
  attempts: PasswordAttempts;
}

export interface PasswordCheck {
  /**
   * Whether the password matches `hash`; where that is null it never does, after as much work. `account` is the name
   * that attempts are counted for. Throws rate_limited, overloaded, or the reason of the client's signal.
   */
  matches(request: {
    password: string;
    hash: string | null;
    account: string;
    client: Client;
  }): Promise<boolean>;
}

/**
 * An attempt is counted beforehand, since many concurrent ones would otherwise exceed the limit. It stays counted only
 * if the password was found to be wrong: an attempt that was refused because the queue was full, or had not begun when
 * its client left, is uncounted. A running hash is not stopped when its client leaves, so hanging up does not allow
 * free guesses.
 */
export function createPasswordCheck({ hasher, attempts }: PasswordCheckDeps): PasswordCheck {
  return {
    async matches({ password, hash, account, client }) {
      const { address, site = null } = client;
      const attempt = attempts.attempt({ account, address, site });
      let seenWrong = false;
      try {
        const matches = await hasher.verify(password, hash ?? hasher.unmatched, client);
        seenWrong = !matches;
        return matches;
      } finally {
        if (!seenWrong) attempt.giveBack();
      }
    },
  };
}
