import os
from jetson_containers import L4T_VERSION
TORCH = os.environ.get('TORCH_VERSION') or ('2.8' if L4T_VERSION.major >= 36 else '2.0')
