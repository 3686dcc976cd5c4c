"""PyInstaller's hook for QtGui, without the Qt plugins that a till has no use for.

They have to go here, before the libraries that they alone need (GTK, for one) are collected.
What is not named stays, so that other systems and later versions of Qt keep their own.
"""

from pathlib import PurePath

from PyInstaller.utils.hooks.qt import add_qt6_dependencies

# Platforms without a desktop, and what belongs to them; the compositor's side of Wayland.
FOLDERS = {"egldeviceintegrations", "generic", "wayland-graphics-integration-server"}
PLUGINS = {
    "platforms": {"qeglfs", "qlinuxfb", "qminimal", "qminimalegl", "qvkkhrdisplay", "qvnc"},
    # Only for the system's own dialogs; the rest of the desktop's wishes Qt learns without it.
    "platformthemes": {"qgtk3"},
    "platforminputcontexts": {"qtvirtualkeyboardplugin"},
    "imageformats": {"qicns", "qpdf", "qtga", "qtiff", "qwbmp"},
    "wayland-graphics-integration-client": {
        "dmabuf-server",
        "drm-egl-server",
        "shm-emulation-server",
        "vulkan-server",
    },
    "wayland-shell-integration": {
        "fullscreen-shell-v1",
        "ivi-shell",
        "qt-shell",
        "wl-shell-plugin",
    },
}


def is_used(source: str) -> bool:
    """Say whether a Qt plugin belongs in the package."""
    path = PurePath(source)
    name = path.name.split(".")[0].removeprefix("lib")
    return path.parent.name not in FOLDERS and name not in PLUGINS.get(path.parent.name, ())


hiddenimports, binaries, datas = add_qt6_dependencies(__file__)
binaries = [entry for entry in binaries if is_used(entry[0])]
