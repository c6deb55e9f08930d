# one dict per version, the default by CUDA_VERSION; requirements; a later one wins
from jetson_containers import CUDA_VERSION, CUDA_ARCHITECTURES, IS_TEGRA, package_requires, update_dependencies
from packaging.version import Version
import os

def cuda(version, requires=None):
    pkg = package.copy()
    pkg['name'] = f'cuda:{version}'
    pkg['build_args'] = {
        'CUDA_VERSION': Version(version), 'ARCHS': CUDA_ARCHITECTURES, 'IS_TEGRA': IS_TEGRA, 'MAJOR': Version(version).major,
        'RATIO': 12.6, 'NOTHING': None, 'MIRROR': os.environ.get('MIRROR', 'default'),
    }
    if requires:
        pkg['requires'] = requires
    if Version(version) == CUDA_VERSION:
        pkg['alias'] = 'cuda'
    tools = pkg.copy()
    tools['name'] = f'cuda:{version}-tools'
    tools['alias'] = [f'tools:{version}']
    tools['depends'] = update_dependencies(pkg['depends'], f'cuda:{version}')
    tools['test'] = []
    return pkg, [tools]

package = [cuda('11.4', '<36'), cuda('12.6', '>=34'), cuda('12.6', '>=36'), cuda('12.8', ['>=36', 'aarch64']), None]
package_requires([p for pair in package if pair for p in [pair[0]]], system_arch='aarch64')
