/* The newsroom's pages: tabs, dialogs, forms sent in place, presence, seasons, focal points. No framework. */
"use strict";

(() => {
    const $ = (selector, root = document) => root.querySelector(selector);
    const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
    let dirty = false;

    /* --- Tabs: one panel at a time, its name in the address ------------------------------------------ */

    const tabKey = () => `newsroom-tab:${location.pathname}`;
    // Not the bare name: Unfold takes #credits for a tab of its own and hides everything else.
    const tabInAddress = () => location.hash.startsWith("#tab-") && location.hash.slice(5);

    function showTab(name, { focus = false } = {}) {
        const tabs = $$("[data-tab]");
        if (!tabs.some((tab) => tab.dataset.tab === name)) return false;
        for (const tab of tabs) {
            const chosen = tab.dataset.tab === name;
            tab.setAttribute("aria-selected", chosen);
            tab.tabIndex = chosen ? 0 : -1;
            if (chosen && focus) tab.focus();
            if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
        }
        for (const panel of $$("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
        // These send what is on them by themselves; who presses Save there would lose it.
        const save = $("#submit-row");
        if (save) save.hidden = ["artwork", "comments"].includes(name) && !dirty;
        sessionStorage.setItem(tabKey(), name);
        if (name === "comments") haveSeen();
        return true;
    }

    /* Whoever was mentioned has looked now. */
    function haveSeen() {
        const said = $("[data-seen]");
        if (!said) return;
        const body = new FormData();
        body.set("csrfmiddlewaretoken", $("input[name=csrfmiddlewaretoken]").value);
        fetch(said.dataset.seen, { method: "POST", body });
        delete said.dataset.seen;
    }

    function startTabs() {
        const tabs = $$("[data-tab]");
        if (!tabs.length) return;
        const wrong = tabs.find((tab) => $(".nr-count-bad", tab));
        const wanted = [wrong?.dataset.tab, tabInAddress(), sessionStorage.getItem(tabKey()), "basics"];
        wanted.some((name) => name && showTab(name));
        addEventListener("hashchange", () => showTab(tabInAddress()));
    }

    function moveBetweenTabs(event) {
        const tab = event.target.closest?.("[role=tab]");
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!tab || !step) return;
        const tabs = $$("[role=tab]", tab.parentElement);
        const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
        showTab(next.dataset.tab, { focus: true });
        event.preventDefault();
    }

    function goToField(link) {
        $$("dialog[open]").forEach((dialog) => dialog.close());
        history.replaceState(null, "", `#tab-${link.dataset.tablink}`);
        showTab(link.dataset.tablink, { focus: true });
        const field = link.dataset.field && document.getElementById(link.dataset.field);
        if (field) {
            field.scrollIntoView({ block: "center" });
            field.focus();
        }
    }

    /* --- Dialogs -------------------------------------------------------------------------------------- */

    function openDialog(id) {
        const dialog = document.getElementById(id);
        if (!dialog) return false;
        const unsaved = $("[data-unsaved]", dialog);
        if (unsaved) unsaved.hidden = !dirty;
        dialog.showModal();
        $("textarea, input:not([type=hidden]), select", dialog)?.focus();
        return true;
    }

    /* --- Forms sent in place: the answer is the part of the page anew, or where to go ------------------ */

    async function sendInPlace(form, submitter) {
        if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
        const buttons = $$("button", form);
        // Before they are disabled, for then the pressed one would not be in it.
        const body = new FormData(form, submitter?.name ? submitter : undefined);
        buttons.forEach((button) => { button.disabled = true; });
        try {
            const answer = await fetch(form.action, {
                method: "POST",
                body,
                headers: { "X-Newsroom": "inplace" },
                redirect: "follow",
            });
            await take(answer, form);
        } catch {
            tell(form, "The server did not answer. Nothing is known to be lost; try again.");
        } finally {
            buttons.forEach((button) => { button.disabled = false; });
        }
    }

    async function take(answer, form) {
        const where = answer.headers.get("X-Newsroom-Go");
        if (where) {
            dirty = false;
            location.assign(where);
            if (new URL(where, location).pathname === location.pathname) location.reload();
            return;
        }
        if (!answer.ok || answer.redirected) {
            tell(form, answer.status === 403 ? "You may not do this." : `That did not work (${answer.status}). Reload the page and try again.`);
            return;
        }
        replace(form.dataset.target ? document.getElementById(form.dataset.target) : form, await answer.text());
    }

    function replace(old, html) {
        const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
        if (!old || !fresh) return;
        if (old.id && !fresh.id) {
            old.replaceChildren(fresh);
        } else {
            old.replaceWith(fresh);
        }
        awaken(fresh);
        $("[role=alert]", fresh)?.scrollIntoView({ block: "nearest" });
    }

    function tell(form, text) {
        $(".nr-alarm[data-told]", form)?.remove();
        const alarm = document.createElement("p");
        alarm.className = "nr-alarm";
        alarm.dataset.told = "";
        alarm.setAttribute("role", "alert");
        alarm.textContent = text;
        form.prepend(alarm);
    }

    /* --- What a fresh part of the page needs ------------------------------------------------------------ */

    function awaken(root) {
        if (root.dataset.newRevision !== undefined) takeRevision(root.dataset.newRevision);
        if (root.dataset.refresh) setTimeout(() => refresh(root), 3000);
        $$("[data-focal]", root).forEach(startFocal);
        $$("[data-countdown]", root).forEach(countDown);
    }

    async function refresh(panel) {
        if (!panel.isConnected) return;
        const busy = $("dialog[open]", panel) || panel.contains(document.activeElement);
        if (busy || document.hidden) {
            setTimeout(() => refresh(panel), 3000);
            return;
        }
        try {
            const answer = await fetch(panel.dataset.refresh, { headers: { "X-Newsroom": "inplace" } });
            if (answer.ok) replace(panel, await answer.text());
        } catch {
            setTimeout(() => refresh(panel), 10000);
        }
    }

    /* Our own pictures count the revision up; the form on this page has seen that. */
    function takeRevision(revision) {
        // What the page lost to somebody else's save stays lost until the editor has decided.
        if ($(".nr-conflict")) return;
        $$("input[name=revision]").forEach((input) => { input.value = revision; });
        const here = $("[data-presence]");
        if (here) here.dataset.revision = revision;
    }

    /* --- Presence ---------------------------------------------------------------------------------------- */

    async function touch(here) {
        if (document.hidden) return;
        const body = new FormData();
        body.set("csrfmiddlewaretoken", $("input[name=csrfmiddlewaretoken]").value);
        try {
            const answer = await fetch(here.dataset.presence, { method: "POST", body, headers: { "X-Newsroom": "inplace" } });
            if (!answer.ok) return;
            const told = await answer.json();
            showOthers(here, told.others);
            const stale = told.revision > Number(here.dataset.revision) || told.state !== here.dataset.state;
            $$("[data-stale]").forEach((one) => { one.hidden = !stale; });
        } catch { /* The next time may do. */ }
    }

    function showOthers(here, others) {
        const lines = others.map((one) => {
            const line = document.createElement("p");
            const since = new Date(one.since).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
            line.className = "nr-late";
            line.textContent = `${one.name} is editing too, since ${since}.`;
            return line;
        });
        if (!lines.length) {
            const line = document.createElement("p");
            line.className = "nr-quiet";
            line.textContent = "Only you are editing.";
            lines.push(line);
        }
        if (here.textContent.trim() !== lines.map((line) => line.textContent).join("")) here.replaceChildren(...lines);
        here.closest("details").open ||= others.length > 0;
    }

    function startPresence() {
        const here = $("[data-presence]");
        if (!here) return;
        touch(here);
        setInterval(() => touch(here), 10000);
        document.addEventListener("visibilitychange", () => touch(here));
    }

    /* --- Seasons and episodes: rows are made of a <template> ----------------------------------------------- */

    function addRow(button) {
        const formset = button.closest("[data-formset]");
        const prefix = formset.dataset.formset;
        const total = $(`input[name="${prefix}-TOTAL_FORMS"]`, formset);
        const index = Number(total.value);
        const blank = $(":scope > template[data-blank]", formset);
        const holder = document.createElement("div");
        holder.innerHTML = blank.innerHTML.replaceAll(`${prefix}-__prefix__`, `${prefix}-${index}`);
        const row = holder.firstElementChild;
        const rows = $(":scope > [data-rows]", formset);
        $(":scope > [data-empty]", rows)?.remove();
        rows.append(row);
        total.value = index + 1;
        const number = $("input[name$='-number']", row);
        number.value = nextNumber(rows, row);
        number.dispatchEvent(new Event("input", { bubbles: true }));
        row.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail: { formsetName: prefix } }));
        number.focus();
        dirty = true;
    }

    /* An episode's fields are made when it is opened; what nobody opened is not sent. */
    function unfold(row) {
        const body = row.open && $(":scope > template[data-body]", row);
        if (!body) return;
        body.replaceWith(body.content);
        row.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail: { formsetName: "" } }));
    }

    function nextNumber(rows, row) {
        const others = $$(":scope > [data-row]", rows).filter((one) => one !== row);
        const numbers = others.map((one) => $("input[name$='-number']", one)?.value ?? $("[data-shows=number]", one)?.textContent);
        return 1 + Math.max(0, ...numbers.map((one) => Number(one) || 0));
    }

    /* A row that was never stored is emptied, so that the numbers of the others stay; untouched rows are skipped. */
    function removeRow(button) {
        const row = button.closest("[data-row]");
        $$("input:not([type=hidden]), textarea", row).forEach((field) => { field.value = ""; });
        $$("select", row).forEach((field) => { field.replaceChildren(); });
        row.hidden = true;
    }

    /* --- Focal points ----------------------------------------------------------------------------------------- */

    function startFocal(box) {
        const [x, y] = [$("input[name$=focal_x]", box), $("input[name$=focal_y]", box)];
        const point = $(".nr-focal-point", box);
        const place = () => {
            point.style.left = `${x.value * 100}%`;
            point.style.top = `${y.value * 100}%`;
        };
        const set = (left, top) => {
            x.value = Math.min(1, Math.max(0, left)).toFixed(3);
            y.value = Math.min(1, Math.max(0, top)).toFixed(3);
            place();
        };
        box.addEventListener("click", (event) => {
            const area = box.getBoundingClientRect();
            set((event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
        });
        box.addEventListener("keydown", (event) => {
            const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
            if (!dx && !dy) return;
            set(Number(x.value) + dx * 0.02, Number(y.value) + dy * 0.02);
            event.preventDefault();
        });
        place();
    }

    /* --- Countdowns --------------------------------------------------------------------------------------------- */

    function countDown(time) {
        const label = document.createElement("span");
        label.className = "nr-quiet";
        time.after(" ", label);
        const tick = () => {
            if (!time.isConnected) return;
            const left = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
            label.textContent = left <= 0 ? "(due)" : `(in ${spoken(left)})`;
            setTimeout(tick, left > 3600 ? 60000 : 1000);
        };
        tick();
    }

    function spoken(seconds) {
        const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
        if (days) return `${days} d ${hours} h`;
        if (hours) return `${hours} h ${minutes} min`;
        return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
    }

    /* --- Keyboard: what Unfold made clickable can be reached and pressed --------------------------------------------- */

    function makePressable() {
        for (const one of $$("[x-on\\:click]:not(button, input, textarea, select, a[href], label, [tabindex])")) {
            one.tabIndex = 0;
            one.setAttribute("role", "button");
            if (!one.textContent.trim() || one.classList.contains("material-symbols-outlined")) {
                const names = { dock_to_right: "Show or hide the navigation", close: "Close", more_horiz: "More" };
                one.setAttribute("aria-label", names[one.textContent.trim()] || "Open");
            }
        }
    }

    /* Rows are put in order by dragging their dots; the arrow keys on the dots do the same. */
    function nameHandles() {
        for (const handle of $$("[x-sort\\:handle]")) {
            handle.tabIndex = 0;
            handle.setAttribute("role", "button");
            handle.setAttribute("aria-label", "Move this row with the arrow keys");
        }
    }

    function moveRow(event) {
        const upwards = event.key === "ArrowUp";
        if (!(upwards || event.key === "ArrowDown") || !event.target.matches?.("[x-sort\\:handle]")) return;
        event.preventDefault();
        const row = event.target.closest("[x-sort\\:item]");
        const other = upwards ? row.previousElementSibling : row.nextElementSibling;
        // What is not stored yet has no place: it comes after all that has.
        if (!other?.matches(".original")) return;
        if (upwards) other.before(row);
        else other.after(row);
        sortRecords({ from: row.closest("[data-ordering-field]") });
        dirty = true;
        event.target.focus();
    }

    /* In Unfold's command search Enter takes what the arrows chose, and fails if that is nothing: it is the first then. */
    function chooseFirst(event) {
        if (event.key !== "Enter" || event.target.id !== "search-input-command") return;
        const shown = $$("#command-results li, #command-history li").filter((one) => one.offsetParent && $("a", one));
        if (!shown.length) event.stopPropagation();
        if (!shown.length || shown.some((one) => one.classList.contains("active"))) return;
        shown[0].dispatchEvent(new MouseEvent("mouseenter"));
    }

    /* An icon is a word of a font, and would be read out as that word; fields of a table have no label. */
    function giveNames() {
        for (const field of $$("td[data-label] :is(input:not([type=hidden]), select, textarea):not([aria-label])")) {
            field.setAttribute("aria-label", field.closest("td").dataset.label);
        }
        for (const icon of $$("[title]:not([aria-label]) > .material-symbols-outlined:only-child")) {
            icon.parentElement.setAttribute("aria-label", icon.parentElement.title);
        }
    }

    function press(event) {
        const one = event.target;
        if ((event.key === "Enter" || event.key === " ") && one.getAttribute?.("role") === "button" && one.tagName !== "BUTTON") {
            one.click();
            event.preventDefault();
        }
    }

    /* --- Beginning ---------------------------------------------------------------------------------------------------- */

    function clicked(event) {
        const on = (selector) => event.target.closest?.(selector);
        let found;
        if ((found = on("[data-tab]"))) {
            history.replaceState(null, "", `#tab-${found.dataset.tab}`);
            showTab(found.dataset.tab);
        } else if ((found = on("[data-tablink]"))) {
            if (!$(`[data-tab="${found.dataset.tablink}"]`)) return;
            event.preventDefault();
            goToField(found);
        } else if ((found = on("[data-dialog]"))) {
            if (openDialog(found.dataset.dialog)) event.preventDefault();
        } else if ((found = on("[data-close]"))) {
            found.closest("dialog")?.close();
        } else if ((found = on("[data-add]"))) {
            addRow(found);
        } else if ((found = on("[data-remove]"))) {
            removeRow(found);
        } else if ((found = on("[data-copy]"))) {
            navigator.clipboard?.writeText(found.dataset.copy).then(() => { found.textContent = "Copied"; });
        } else if (event.target.matches?.("dialog.nr-dialog")) {
            event.target.close();
        }
    }

    document.addEventListener("toggle", (event) => { if (event.target.matches("[data-row]")) unfold(event.target); }, true);
    document.addEventListener("click", clicked);
    document.addEventListener("keydown", (event) => { moveBetweenTabs(event); moveRow(event); press(event); });
    document.addEventListener("keydown", chooseFirst, true);
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.matches("[data-inplace]")) {
            event.preventDefault();
            sendInPlace(form, event.submitter);
        } else if (form.matches(".warn-unsaved-form")) {
            dirty = false;
        }
    });
    document.addEventListener("input", (event) => {
        if (event.target.closest(".warn-unsaved-form")) dirty = true;
        const shows = event.target.name?.match(/-episodes-\d+-(number|name)$/);
        const label = shows && $(`:scope > summary [data-shows=${shows[1]}]`, event.target.closest("[data-row]"));
        if (label) label.textContent = event.target.value || "…";
    });

    document.addEventListener("DOMContentLoaded", () => {
        startTabs();
        // Where there are no tabs, what was said is on the page from the beginning.
        if (!$("[data-tab]")) haveSeen();
        startPresence();
        awaken(document.body);
        makePressable();
        giveNames();
        nameHandles();
        if (matchMedia("(max-width: 1279px)").matches) $$("[data-narrow-closed]").forEach((one) => { one.open = false; });
        $$(".nr-artwork[data-refresh]").forEach((panel) => setTimeout(() => refresh(panel), 3000));
    });
})();
