package jakarta.annotation;

/** Stands in for the library that generated code names for its annotations, which say nothing to the compiler. */
public @interface Nullable {
    String[] value() default {};

    String comments() default "";
}
