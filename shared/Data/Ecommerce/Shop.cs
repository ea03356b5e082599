using DistMtl.Protocol;

namespace DistMtl.Data.Ecommerce;

/// <summary>
/// The users and items of the shop, and the probabilities of what users do. What a model can find:
/// <list type="bullet">
/// <item>Tastes: a user's is the one of their age and sex plus their own; an item's is the one of its category plus its own;
/// their product moves click, cart and rating, so that tasks help each other.</item>
/// <item>What was clicked last: a category among the last three clicks is clicked more readily.</item>
/// <item>Price against what the category costs: thrift keeps from clicking, and more from paying, where tasks conflict.</item>
/// <item>The domain and the position shift the rates; the hour shifts paying.</item>
/// <item>Popularity and activity are heavy-tailed: few items and users make most of the rows.</item>
/// </list>
/// </summary>
internal sealed class Shop
{
    public static readonly string[] Domains = ["app", "web", "mini_program"];

    public static readonly string[] Categories =
    [
        "beauty", "books", "electronics", "fashion", "food", "furniture", "garden", "health", "home", "pets", "sports", "toys",
    ];

    private const int K = 8;
    private const int AgeGroups = 5;
    private const int MinUsers = 50;
    private const int MinItems = 40;

    /// <summary>Of a session's exposures these are picked by a recommender, which takes the best liked of a few.</summary>
    private const double RecommendedShare = 0.4;
    private const int RecommenderCandidates = 4;

    private static readonly double[] s_clickByDomain = [-2.2, -3.1, -2.6];
    private static readonly double[] s_cartByDomain = [-1.9, -1.75, -2.35];
    private static readonly double[] s_purchaseByDomain = [-0.35, 0.1, -0.75];
    private static readonly double[] s_logPriceByCategory = [2.9, 2.7, 5.2, 3.6, 2.2, 5.0, 3.3, 2.8, 3.5, 2.9, 3.8, 3.0];

    private readonly double[][] _categories_CK;
    private readonly double[][] _segments_SK;
    private readonly ShopUser[] _users;
    private readonly ShopItem[] _items;
    private readonly double[] _cumulativeActivity;
    private readonly double[] _cumulativePopularity;

    public Shop(int rows, ref StableRandom random)
    {
        _categories_CK = Vectors(Categories.Length, ref random);
        _segments_SK = Vectors(AgeGroups * 2, ref random);
        _items = new ShopItem[Math.Max(MinItems, rows / 50)];
        for (var i = 0; i < _items.Length; i++)
            _items[i] = NewItem(i, ref random);
        _users = new ShopUser[Math.Max(MinUsers, rows / 10)];
        for (var i = 0; i < _users.Length; i++)
            _users[i] = NewUser(i, ref random);
        _cumulativeActivity = new double[_users.Length];
        var activity = 0.0;
        for (var i = 0; i < _users.Length; i++)
            _cumulativeActivity[i] = activity += Math.Exp(1.1 * random.NextNormal());
        // Zipf over a random order: an item's number says nothing about its popularity.
        var rank = random.Permutation(_items.Length);
        _cumulativePopularity = new double[_items.Length];
        var popularity = 0.0;
        for (var i = 0; i < _items.Length; i++)
            _cumulativePopularity[i] = popularity += Math.Pow(rank[i] + 10, -0.9);
    }

    public ShopUser PickUser(ref StableRandom random) => _users[Pick(_cumulativeActivity, ref random)];

    public ShopItem PickItem(ShopUser user, ref StableRandom random)
    {
        var best = _items[Pick(_cumulativePopularity, ref random)];
        if (random.NextDouble() >= RecommendedShare)
            return best;
        for (var i = 1; i < RecommenderCandidates; i++)
        {
            var other = _items[Pick(_cumulativePopularity, ref random)];
            if (Affinity(user, other) > Affinity(user, best))
                best = other;
        }
        return best;
    }

    public static double ClickProbability(ShopUser user, ShopItem item, int domain, int position) => Sigmoid(
        s_clickByDomain[domain] + 1.5 * Affinity(user, item) + 0.45 * item.Quality + (IsRecent(user, item.Category) ? 0.8 : 0)
        - 0.11 * (position - 1) - 0.5 * user.Thrift * item.RelativePrice);

    /// <summary>After a click.</summary>
    public static double CartProbability(ShopUser user, ShopItem item, int domain) => Sigmoid(
        s_cartByDomain[domain] + 0.8 * Affinity(user, item) + 0.5 * item.Quality - 0.9 * user.Thrift * item.RelativePrice);

    /// <summary>After a cart.</summary>
    public static double PurchaseProbability(ShopUser user, ShopItem item, int domain, int hour) => Sigmoid(
        s_purchaseByDomain[domain] + 0.8 * user.Loyalty - 0.9 * user.Thrift * item.RelativePrice + (hour is >= 19 and <= 23 ? 0.5 : 0));

    /// <summary>Stars, 1 to 5.</summary>
    public static int Rating(ShopUser user, ShopItem item, ref StableRandom random)
    {
        var stars = 3.0 + 0.7 * Affinity(user, item) + 0.6 * item.Quality - 0.4 * user.Rigour + 0.5 * random.NextNormal();
        return (int)Math.Clamp(Math.Round(stars), 1, 5);
    }

    /// <summary>About standard normal.</summary>
    private static double Affinity(ShopUser user, ShopItem item)
    {
        var sum = 0.0;
        for (var k = 0; k < K; k++)
            sum += user.Taste_K[k] * item.Vector_K[k];
        return sum / Math.Sqrt(K);
    }

    private static bool IsRecent(ShopUser user, int category)
    {
        for (var i = Math.Max(0, user.History.Count - 3); i < user.History.Count; i++)
        {
            if (user.History[i].Category == category)
                return true;
        }
        return false;
    }

    private ShopItem NewItem(int number, ref StableRandom random)
    {
        var category = random.Next(Categories.Length);
        var relativePrice = 0.6 * random.NextNormal();
        var price = Math.Exp(s_logPriceByCategory[category] + relativePrice);
        return new ShopItem(number, category, Near(_categories_CK[category], 0.85, ref random), price, relativePrice, random.NextNormal());
    }

    private ShopUser NewUser(int number, ref StableRandom random)
    {
        var age = (int)Math.Clamp(38 + 13 * random.NextNormal(), 16, 85);
        var isFemale = random.NextDouble() < 0.54;
        var segment = Math.Clamp((age - 16) / 10, 0, AgeGroups - 1) * 2 + (isFemale ? 1 : 0);
        return new ShopUser(
            number,
            age,
            random.NextDouble() < 0.9,
            isFemale,
            random.NextDouble() < 0.9,
            Near(_segments_SK[segment], 0.85, ref random),
            Thrift: Math.Max(0, 1.4 - 0.015 * age + 0.3 * random.NextNormal()),
            Loyalty: random.NextNormal(),
            Rigour: random.NextNormal(),
            HomeDomain: Pick([0.55, 0.8, 1.0], ref random));
    }

    /// <summary>Of the centre's length on average: <paramref name="share"/> of the centre, the rest its own.</summary>
    private static double[] Near(double[] centre_K, double share, ref StableRandom random)
    {
        var own = Math.Sqrt(1 - share * share);
        var vector_K = new double[K];
        for (var k = 0; k < K; k++)
            vector_K[k] = share * centre_K[k] + own * random.NextNormal();
        return vector_K;
    }

    private static double[][] Vectors(int count, ref StableRandom random)
    {
        var vectors = new double[count][];
        for (var i = 0; i < count; i++)
            vectors[i] = Near(new double[K], 0, ref random);
        return vectors;
    }

    private static int Pick(double[] cumulative, ref StableRandom random)
    {
        var found = Array.BinarySearch(cumulative, random.NextDouble() * cumulative[^1]);
        return Math.Min(found < 0 ? ~found : found + 1, cumulative.Length - 1);
    }

    private static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));
}
