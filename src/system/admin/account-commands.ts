/** Commands on accounts: users, their sessions, passwords, handles and roles. */

import { type Static, type TObject, Type } from 'typebox';
import { STORED_STATES } from '#accounts/account-row.ts';
import type { AccountSummary } from '#accounts/administration.ts';
import { actorOf, fields, Limit, Name, named, Person, Reason, userOf } from './arguments.ts';
import { type Command, type CommandDeps, defineCommand } from './command.ts';
import { columns, moment, printable } from './printable.ts';

const UserAndReason = fields({ person: Person, reason: Reason });

/** A command on one user. Answers with the user's name for printing, and whatever `run` answers. */
function onUser<
  Args extends TObject<{ person: typeof Person; reason: typeof Reason }>,
  Answer extends object,
>(
  summary: string,
  args: Args,
  positional: readonly (keyof Static<Args> & string)[],
  run: (deps: CommandDeps, person: AccountSummary, args: Static<Args>) => Promise<Answer>,
  print: (who: string, answer: Answer) => string[],
): Command {
  return defineCommand({
    summary,
    args,
    positional,
    async run(deps, given) {
      const person = await userOf(deps, (given as { person: string }).person);
      return { who: named(person), ...(await run(deps, person, given)) };
    },
    print: ({ who, ...answer }) => print(printable(who), answer as unknown as Answer),
  });
}

const done = async (work: Promise<unknown>): Promise<object> => {
  await work;
  return {};
};

const people = defineCommand({
  summary: 'lists people in the order in which they signed up',
  args: fields({
    state: Type.Optional(Type.Enum([...STORED_STATES], { description: 'only these' })),
    moderators: Type.Boolean({ default: false, description: 'moderators only' }),
    handle: Type.String({ default: '', maxLength: 15, description: 'only handles that begin so' }),
    after: Type.Integer({ default: 0, description: 'goes on behind this id' }),
    limit: Limit,
  }),
  run: ({ api }, { state, handle, ...rest }) =>
    api.administration.accounts({ ...rest, state: state ?? null, handlePrefix: handle }),
  print({ accounts, next }) {
    const rows = accounts.map(({ userId, handle, state, created, moderator }) => [
      String(userId),
      handle,
      state,
      moment(created),
      moderator ? 'moderator' : '',
    ]);
    return [
      ...columns([['id', 'handle', 'state', 'signed up', ''], ...rows]),
      ...(next === null ? [] : [`there are more: --after ${next}`]),
    ];
  },
});

const person = defineCommand({
  summary: 'shows somebody: state, handles, sessions',
  args: fields({ person: Person }),
  positional: ['person'],
  run: async (deps, { person }) =>
    deps.api.administration.account({ userId: (await userOf(deps, person)).userId }),
  print: (account) => [
    printable(`${named(account)}, ${account.state} since ${moment(account.since)}`),
    printable(`  name        ${account.name}`),
    `  signed up   ${moment(account.created)}`,
    ...(account.moderator ? ['  moderator'] : []),
    ...(account.oneTimePassword ? ['  has a one-time password and has not chosen another'] : []),
    ...account.handles.map(({ handle, since }) =>
      printable(`  handle      ${handle}, taken ${moment(since)}`),
    ),
    ...account.sessions.map(({ device, lastUsed }) =>
      printable(`  session     last used ${moment(lastUsed)}, ${device || 'no device name'}`),
    ),
  ],
});

/** Commands by name. */
export const ACCOUNT_COMMANDS: Record<string, Command> = {
  people,
  person,
  suspend: onUser(
    'ends somebody’s sessions and hides them',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      done(deps.api.administration.suspend({ userId, ...actorOf(deps, reason) })),
    (who) => [`${who} is suspended now.`],
  ),
  reinstate: onUser(
    'lets somebody back in',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      done(deps.api.administration.reinstate({ userId, ...actorOf(deps, reason) })),
    (who) => [`${who} is active now.`],
  ),
  'end-sessions': onUser(
    'signs somebody out everywhere',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      deps.api.administration.endSessions({ userId, ...actorOf(deps, reason) }),
    (who, { ended }) => [`${who} is signed out; sessions ended: ${ended}.`],
  ),
  'reset-password': onUser(
    'gives somebody a one-time password and signs them out',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      deps.api.administration.resetPassword({ userId, ...actorOf(deps, reason) }),
    (who, { password, until }) => [
      `The one-time password of ${who} is ${password}`,
      `It can be used for one sign-in, until ${moment(until)}. Its owner then changes it, with POST /password.`,
    ],
  ),
  'change-handle': onUser(
    'gives somebody another handle; the old one stays theirs',
    fields({
      person: Person,
      handle: { ...Name, description: 'the new handle' } as typeof Name,
      reason: Reason,
    }),
    ['person', 'handle'],
    (deps, { userId }, { handle, reason }) =>
      done(deps.api.administration.changeHandle({ userId, handle, ...actorOf(deps, reason) })).then(() => ({
        handle,
      })),
    (who, { handle }) => [`${who} is ${printable(handle)} now.`],
  ),
  'make-moderator': onUser(
    'lets somebody see reports and resolve them',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      done(deps.api.administration.setModerator({ userId, moderator: true, ...actorOf(deps, reason) })),
    (who) => [`${who} is a moderator now.`],
  ),
  'unmake-moderator': onUser(
    'takes that role away',
    UserAndReason,
    ['person'],
    (deps, { userId }, { reason }) =>
      done(deps.api.administration.setModerator({ userId, moderator: false, ...actorOf(deps, reason) })),
    (who) => [`${who} is no longer a moderator.`],
  ),
};
