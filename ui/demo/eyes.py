"""What a camera would see: the window's pixels, and the QR code in them."""

import zxingcpp
from PySide6.QtGui import QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QWidget


def look_at(window: QWidget) -> QImage:
    """Give the window as it is on the screen, or as it paints itself where there is no screen."""
    pixmap = QPixmap()
    if QGuiApplication.platformName() == "xcb":
        pixmap = window.screen().grabWindow(window.winId())
    if pixmap.isNull():
        pixmap = window.grab()
    return pixmap.toImage()


def read_qr(image: QImage) -> str | None:
    """Decode the one QR code in a picture, or give None where there is not exactly one."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    stride, height = grey.bytesPerLine(), grey.height()
    pixels = memoryview(bytes(grey.constBits())).cast("B", shape=(height, stride))
    codes = zxingcpp.read_barcodes(
        pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return codes[0].text if len(codes) == 1 else None
