/** What tests of accounts share: a client, and attempts that are not counted. */
import type { Client } from '../accounts.ts';
import type { PasswordAttempts } from '../password-check.ts';

export const CLIENT: Client = { address: '192.0.2.1' };
export const UNCOUNTED: PasswordAttempts = { attempt: () => ({ giveBack() {} }) };
