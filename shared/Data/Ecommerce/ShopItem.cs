using System.Globalization;

namespace DistMtl.Data.Ecommerce;

/// <summary>Something the shop sells.</summary>
/// <param name="Vector_K">What it is like, in the space of tastes.</param>
/// <param name="RelativePrice">Logarithm of its price over what its category costs.</param>
/// <param name="Quality">Standard normal; everyone likes quality.</param>
internal sealed record ShopItem(int Number, int Category, double[] Vector_K, double Price, double RelativePrice, double Quality)
{
    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"i{Number}");
}

/// <summary>Someone who shops.</summary>
/// <param name="Taste_K">What they like.</param>
/// <param name="Thrift">How much a high price puts them off.</param>
/// <param name="Loyalty">How readily they pay for what is in the cart.</param>
/// <param name="Rigour">How much lower than others they rate.</param>
/// <param name="HomeDomain">Where most of their sessions are.</param>
internal sealed record ShopUser(
    int Number, int Age, bool IsAgeKnown, bool IsFemale, bool IsGenderKnown, double[] Taste_K, double Thrift, double Loyalty, double Rigour, int HomeDomain)
{
    public const int HistoryLength = 20;

    /// <summary>The last items clicked, oldest first.</summary>
    public List<ShopItem> History { get; } = [];

    public void Clicked(ShopItem item)
    {
        if (History.Count == HistoryLength)
            History.RemoveAt(0);
        History.Add(item);
    }
}
