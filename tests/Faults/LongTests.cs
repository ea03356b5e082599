namespace DistMtl.Faults;

/// <summary>Tests that can go on for long do so where <c>DISTMTL_LONG_TESTS=1</c> asks for it.</summary>
public static class LongTests
{
    public static bool AreOn { get; } = Environment.GetEnvironmentVariable("DISTMTL_LONG_TESTS") == "1";

    public static int Count(int always, int atLength) => AreOn ? atLength : always;
}
