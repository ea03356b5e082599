namespace DistMtl.Data.Describing;

/// <summary>What the name of a column says about it.</summary>
internal static class ColumnWords
{
    private static readonly HashSet<string> s_id = ["id", "key", "index", "uuid", "guid", "code", "zip", "userid", "itemid", "visitorid"];

    private static readonly HashSet<string> s_user = ["user", "userid", "visitor", "visitorid", "household", "customer", "member", "uid"];

    private static readonly HashSet<string> s_time = ["time", "timestamp", "date", "datetime", "ts"];

    private static readonly HashSet<string> s_label =
    [
        "label", "target", "y", "click", "clicked", "clk", "cart", "purchase", "purchased", "buy", "bought", "order", "ordered",
        "conversion", "converted", "like", "liked", "rated", "revenue", "income", "churn", "outcome",
    ];

    private static readonly HashSet<string> s_score = ["rating", "score", "stars"];

    public static bool IsId(string name) => Words(name).Any(s_id.Contains);

    public static bool IsUser(string name) => Words(name).Any(s_user.Contains) && (IsId(name) || Words(name).Length == 1);

    public static bool IsTime(string name) => Words(name).Any(s_time.Contains);

    public static bool IsLabel(string name) => Words(name).Any(s_label.Contains);

    public static bool IsScore(string name) => Words(name) is [var word] && s_score.Contains(word);

    private static string[] Words(string name) =>
        name.ToLowerInvariant().Split(['_', '-', ' ', '.'], StringSplitOptions.RemoveEmptyEntries);
}
