#!/usr/bin/python3
"""A browser with a profile folder, for WebKitWebDriver: its own MiniBrowser forgets everything when it closes.

browser.py PROFILE. SIGTERM closes it in an orderly way.
"""

import ctypes
import os
import signal
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

profile = sys.argv[1]
windows = set()

# Ends with the driver, however that one ends.
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
with open(os.path.join(profile, "pid"), "w") as file:
    file.write(str(os.getpid()))

manager = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(profile, "data"),
    base_cache_directory=os.path.join(profile, "cache"),
)
context = WebKit2.WebContext(website_data_manager=manager)
context.set_automation_allowed(True)
# Pages open windows without a person's click.
settings = WebKit2.Settings(javascript_can_open_windows_automatically=True)


def open_window(**options):
    view = WebKit2.WebView(settings=settings, is_controlled_by_automation=True, **options)
    window = Gtk.Window(default_width=800, default_height=600)
    window.add(view)
    windows.add(window)
    view.connect("create", lambda opener, _: open_window(related_view=opener))
    view.connect("close", lambda _: close_window(window))
    window.show_all()
    return view


def close_window(window):
    windows.discard(window)
    window.destroy()
    if not windows:
        Gtk.main_quit()


def start_session(_, session):
    session.set_application_info(WebKit2.ApplicationInfo())
    session.connect("create-web-view", lambda _: open_window(web_context=context))


def quit_in_order():
    """Closes each page as a person would, which runs its `pagehide`."""
    for window in list(windows):
        window.get_child().try_close()
    # A page that does not close is not waited for.
    GLib.timeout_add(5_000, Gtk.main_quit)
    return GLib.SOURCE_REMOVE


context.connect("automation-started", start_session)
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, quit_in_order)
Gtk.main()
