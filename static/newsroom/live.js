/* Parts of a page that change by themselves: fetched again every two seconds until they say they have ended. */
"use strict";

(() => {
    const EVERY_MS = 2000;

    async function renew(part) {
        if (!document.hidden && !part.contains(document.activeElement)) {
            const answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
            if (answer.ok) part.innerHTML = await answer.text();
            else if (answer.status < 500) return;
        }
        if (!part.querySelector("[data-live-ended]")) setTimeout(() => keep(part), EVERY_MS);
    }

    const keep = (part) => renew(part).catch(() => setTimeout(() => keep(part), 2 * EVERY_MS));

    for (const part of document.querySelectorAll("[data-live]:not([data-live-ended])")) {
        setTimeout(() => keep(part), EVERY_MS);
    }
})();
