# a relative import, and packages as keys of the dict
from .version import TORCH

for version in ('2.0', '2.8'):
    package[f'torch:{version}'] = dict(package, build_args={'TORCH': version}, alias=['torch'] if version == TORCH else [])
    for key in [k for k in package[f'torch:{version}'] if k.startswith('torch:')]:
        del package[f'torch:{version}'][key]
