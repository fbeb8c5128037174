"""What JPEG XL keeps in the bits of its codestream's head: size, depth, orientation and the colour profile."""
