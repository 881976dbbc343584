/** Commands for sign-up and invites, and the audit log. */
import { Type } from 'typebox';
import { SIGN_UP_MODES } from '#domain/names.ts';
import { actorOf, fields, idOf, Limit, numberOf, Reason } from './arguments.ts';
import { type Command, defineCommand } from './command.ts';
import { columns, moment, printable } from './printable.ts';

const DAY_MS = 86_400_000;

/** Commands by name. */
export const SIGN_UP_COMMANDS: Record<string, Command> = {
  'sign-up': defineCommand({
    summary: 'says or sets who may sign up',
    args: fields({
      mode: Type.Optional(
        Type.Enum([...SIGN_UP_MODES], { description: 'everybody, nobody, or whoever has a code' }),
      ),
      reason: { ...Reason, default: 'the host decided so' } as typeof Reason,
    }),
    positional: ['mode'],
    async run(deps, { mode, reason }) {
      const { administration } = deps.api;
      if (mode !== undefined) await administration.setSignUpMode({ mode, ...actorOf(deps, reason) });
      return administration.signUpMode();
    },
    print: ({ mode }) => [
      {
        open: 'Sign-up is open: everybody may sign up.',
        closed: 'Sign-up is closed: nobody can sign up.',
        invite: 'Sign-up needs an invite: whoever has a code may sign up.',
      }[mode],
    ],
  }),
  invite: defineCommand({
    summary: 'makes a code with which people sign up',
    args: fields({
      uses: Type.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 1,
        description: 'sign-ups that it is good for',
      }),
      days: Type.Integer({ minimum: 1, maximum: 3_650, default: 30, description: 'days until it expires' }),
      reason: { ...Reason, default: 'an invite' } as typeof Reason,
    }),
    run: (deps, { uses, days, reason }) =>
      deps.api.administration.invite({ uses, valid_ms: days * DAY_MS, ...actorOf(deps, reason) }),
    print: ({ inviteId, code, usesLeft, expires }) => [
      code,
      `Invite ${inviteId}: good for sign-ups: ${usesLeft}, until ${moment(expires)}. The code is shown this once.`,
    ],
  }),
  invites: defineCommand({
    summary: 'lists the invites that can still be used',
    args: fields({}),
    run: ({ api }) => api.administration.invites(),
    print: ({ invites }) =>
      columns([
        ['invite', 'uses left', 'made', 'expires'],
        ...invites.map(({ inviteId, usesLeft, created, expires }) => [
          inviteId,
          String(usesLeft),
          moment(created),
          moment(expires),
        ]),
      ]),
  }),
  'remove-invite': defineCommand({
    summary: 'makes an invite worthless',
    args: fields({ invite: idOf('its id'), reason: { ...Reason, default: 'removed' } as typeof Reason }),
    positional: ['invite'],
    async run(deps, { invite, reason }) {
      await deps.api.administration.removeInvite({ inviteId: invite, ...actorOf(deps, reason) });
      return { invite };
    },
    print: ({ invite }) => [`Invite ${invite} is removed.`],
  }),
  'audit-log': defineCommand({
    summary: 'shows what administrators and moderators did, newest first',
    args: fields({ before: Type.Optional(idOf('goes on below this entry')), limit: Limit }),
    async run({ api }, { before, limit }) {
      const { entries } = await api.administration.auditLog({
        before: before === undefined ? null : numberOf(before),
        limit,
      });
      return { entries, next: entries.length < limit ? null : entries.at(-1)!.id };
    },
    print: ({ entries, next }) => [
      ...entries.flatMap(({ time, by, from, action, userId, subject, detail }) => [
        printable(
          [
            moment(time),
            by,
            `from ${from}`,
            action,
            ...(userId === null ? [] : [`id ${userId}`]),
            subject,
          ].join('  '),
        ).trimEnd(),
        `    ${printable(detail)}`,
      ]),
      ...(next === null ? [] : [`there are more: --before ${next}`]),
    ],
  }),
};
