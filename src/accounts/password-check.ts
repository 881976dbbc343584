/** Looks whether a password is right, and counts the wrong ones against guessing. */
import type { Client } from './accounts.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** Counts wrong passwords; the limits of the gateway do. */
export interface PasswordAttempts {
  /** Counts one for this account and this address, before it is looked at. Throws `rate_limited`. */
  attempt(request: { account: string; address: string; site?: string | null }): { giveBack(): void };
}

export interface PasswordCheckDeps {
  hasher: Pick<PasswordHasher, 'verify' | 'unmatched'>;
  attempts: PasswordAttempts;
}

export interface PasswordCheck {
  /**
   * Whether the password is the one of `hash`; null: nobody's, which takes as long. `account` is the name that
   * attempts count for. Throws rate_limited, overloaded, or the reason of the client's signal.
   */
  matches(request: {
    password: string;
    hash: string | null;
    account: string;
    client: Client;
  }): Promise<boolean>;
}

/**
 * An attempt is counted beforehand, or many at once would go past the limit. It stays counted only where the password
 * was seen to be wrong: what was refused for want of room, or was not begun when its client left, is given back. The
 * client's leaving does not stop a hash that runs, so that nobody can guess and hang up.
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
