import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{m}from"./chunk-predictor.js";import{__name}from"./chunk-shared-2.js";var d=Object.defineProperty,r=__name((o,e)=>d(o,"name",{value:e,configurable:!0}),"r"),t=class extends m{static{__name(this,"t")}static{r(this,"RawDecoder")}decodeBlock(e){return e}};export{t as default};
