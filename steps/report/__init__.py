"""Says how a story ended, whatever happened to it."""
