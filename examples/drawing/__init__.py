"""The pictures of `examples/budget.yaml`, drawn by code: flat shapes with depth and light."""
