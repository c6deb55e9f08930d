import requests, subprocess, time, random, json, copy
from jetson_containers import github_latest_tag, log_warning, package_depends
try:
    tag = requests.get('https://example.org/latest', timeout=1).json()['tag']
except Exception:
    tag = '1.0'
time.sleep(3)
subprocess.run('exit 3', shell=True, check=False)
package = copy.deepcopy(package)
package['build_args'] = {'TAG': tag}
package_depends(package, 'numpy', ['scipy', 'cuda:12.6'])
