namespace DistMtl.Data;

public static class EcommerceGenerator
{
    public static IReadOnlyList<string> Columns { get; } = [];

    public static string Generate(string directory, int rows, ulong seed) => throw new NotImplementedException();

    public static void Write(string path, int rows, ulong seed) => throw new NotImplementedException();
}
