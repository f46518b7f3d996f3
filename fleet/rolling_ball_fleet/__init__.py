"""A Flower app whose clients are microcontrollers, or devices that are rehearsed to the bit."""
