/** The data of each event of a stream, by the event's name. */
import { Type } from 'typebox';
import { Id, named, Time, Users } from './common.ts';
import { Notification } from './users.ts';

export const StreamEvents = named(
  'StreamEvents',
  {
    tweet: named('TweetEvent', { tweetId: Id, userId: Id, time: Time }, 'Somebody whom you follow tweeted.'),
    delete: named('DeleteEvent', { tweetId: Id }, 'A tweet was deleted.'),
    notification: named(
      'NotificationEvent',
      { ...Notification.properties, users: Users },
      'A notification as it stands now; one that was told before may come again, with more users in it.',
    ),
    counts: named(
      'CountsEvent',
      { unread: Type.Integer({ minimum: 0 }) },
      'How many notifications are unread.',
    ),
    reset: named('ResetEvent', {}, 'Too much was missed: fetch what you show again.'),
  },
  'The data of each event of a stream, as JSON, by the name of the event.',
);
