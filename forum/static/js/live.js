/** The discussion page: starts what its `data-` attributes ask for. Everything here works on a page that works without it. */

import * as actions from "./actions.js";
import * as announce from "./announce.js";
import * as chip from "./chip.js";
import * as composer from "./composer.js";
import * as earlier from "./earlier.js";
import * as fold from "./fold.js";
import * as helpful from "./helpful.js";
import * as kept from "./kept.js";
import * as keys from "./keys.js";
import * as link from "./link.js";
import * as mention from "./mention.js";
import * as mine from "./mine.js";
import * as more from "./more.js";
import * as none from "./none.js";
import * as outbox from "./outbox.js";
import { hear, one } from "./page.js";
import * as pending from "./pending.js";
import * as presence from "./presence.js";
import * as preview from "./preview.js";
import * as recent from "./recent.js";
import * as reply from "./reply.js";
import * as resync from "./resync.js";
import * as roving from "./roving.js";
import * as ruler from "./ruler.js";
import * as tabs from "./tabs.js";
import * as times from "./times.js";
import * as unread from "./unread.js";
import * as votes from "./votes.js";

for (const module of [
  none,
  times,
  mine,
  helpful,
  fold,
  roving,
  announce,
  chip,
  ruler,
  tabs,
  presence,
  recent,
  unread,
  votes,
])
  module.start();

for (const module of [resync, actions, more, earlier, keys, reply, pending, outbox]) module.start();

function startComposer() {
  const form = /** @type {HTMLFormElement | null} */ (one("form[data-composer]"));
  if (form) for (const module of [composer, preview, mention]) module.start(form);
  return form !== null;
}

if (!startComposer()) kept.start();
hear("composer added", startComposer);

link.start();
