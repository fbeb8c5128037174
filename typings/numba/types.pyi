class Type:
    def __call__(self, *arguments: Type) -> Type: ...

class Array(Type):
    def __init__(self, dtype: Type, ndim: int, layout: str, readonly: bool = ...) -> None: ...

class UniTuple(Type):
    def __init__(self, dtype: Type, count: int) -> None: ...

uint8: Type
uint16: Type
uint32: Type
uint64: Type
int16: Type
int32: Type
int64: Type
float64: Type
boolean: Type
void: Type
