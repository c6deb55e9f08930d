# an import from another folder; the dict edited in place
from packages.ml.torch.version import TORCH
from packaging.version import parse
package['name'] = 'vision'
package['depends'] = [f'torch:{TORCH}']
package['build_args'] = {'VISION': '0.23' if parse(TORCH) >= parse('2.8') else '0.15', 'FROM': __name__.split('.')[0]}
package['dockerfile'] = 'Dockerfile.vision'
