/** Every other page: times in the reader's zone, and text fields that outlive a reload. */

import * as times from "./times.js";

times.start();
