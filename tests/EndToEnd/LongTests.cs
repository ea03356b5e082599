namespace DistMtl.EndToEnd.Tests;

/// <summary>Tests that take minutes run where the variable <c>DISTMTL_LONG_TESTS</c> is 1.</summary>
internal static class LongTests
{
    public const string Variable = "DISTMTL_LONG_TESTS";

    public static void SkipUnlessWanted() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) == "1", $"takes minutes; {Variable}=1 runs it");
}
