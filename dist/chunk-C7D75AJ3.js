import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a}from"./chunk-3MUPWZBY.js";import"./chunk-JO6M2EVI.js";export default a();
