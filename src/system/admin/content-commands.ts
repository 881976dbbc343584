/** Commands on tweets, comments and pictures. */

import { actorOf, fields, idOf, Name, numberOf, Reason } from './arguments.ts';
import { type Command, defineCommand } from './command.ts';
import { printable } from './printable.ts';

/** The trace id of administrative changes, which no request causes. */
const TRACE_ID = 'admin';

/** Commands by name. */
export const CONTENT_COMMANDS: Record<string, Command> = {
  'remove-tweet': defineCommand({
    summary: 'deletes a tweet for everybody',
    args: fields({ tweet: idOf('its id'), reason: Reason }),
    positional: ['tweet'],
    async run(deps, { tweet, reason }) {
      const tweetId = numberOf(tweet);
      await deps.api.moderation.removeTweet({ tweetId, traceId: TRACE_ID, ...actorOf(deps, reason) });
      return { tweet };
    },
    print: ({ tweet }) => [`Tweet ${tweet} is gone.`],
  }),
  'remove-comment': defineCommand({
    summary: 'deletes a comment for everybody',
    args: fields({ comment: idOf('its id'), reason: Reason }),
    positional: ['comment'],
    async run(deps, { comment, reason }) {
      const commentId = numberOf(comment);
      await deps.api.moderation.removeComment({ commentId, traceId: TRACE_ID, ...actorOf(deps, reason) });
      return { comment };
    },
    print: ({ comment }) => [`Comment ${comment} is gone.`],
  }),
  'remove-picture': defineCommand({
    summary: 'deletes a picture; tweets with it keep their text',
    args: fields({
      picture: { ...Name, description: 'its name: what follows /media/ in its address' } as typeof Name,
      reason: Reason,
    }),
    positional: ['picture'],
    async run(deps, { picture, reason }) {
      const name = picture.replace(/^.*\/media\//, '');
      await deps.api.moderation.removePicture({ name, traceId: TRACE_ID, ...actorOf(deps, reason) });
      return { name };
    },
    print: ({ name }) => [`Picture ${printable(name)} is gone.`],
  }),
};
