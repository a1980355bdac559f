import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{require_tf_core_node}from"./chunk-tf-core.node.js";import"./chunk-shared-2.js";export default require_tf_core_node();
