import os
package['dockerfile'] = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'shared', 'Dockerfile')
package['depends'] = ['shared']
package['requires'] = ['>=cu126', '!=x86_64', '22.04']
