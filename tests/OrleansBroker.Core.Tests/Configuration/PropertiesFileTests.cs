using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Core.Tests.Configuration;

public sealed class PropertiesFileTests
{
    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a = b ", "a", "b ")]
    [InlineData("  a:b", "a", "b")]
    [InlineData("a b", "a", "b")]
    [InlineData("a\t=\tb=c", "a", "b=c")]
    [InlineData("a", "a", "")]
    [InlineData("a=", "a", "")]
    [InlineData("=b", "", "b")]
    [InlineData("a\\ b=c", "a b", "c")]
    [InlineData("a\\=b=c", "a=b", "c")]
    [InlineData("a=b\\\n   c", "a", "bc")]
    [InlineData("a=b\\\r\n\tc", "a", "bc")]
    [InlineData("a=b\\\\", "a", "b\\")]
    [InlineData("a=\\u00e4\\t\\n\\q", "a", "ä\t\nq")]
    [InlineData("a=\\u00", "a", "u00")]
    [InlineData("a=C:\\\\kafka", "a", "C:\\kafka")]
    [InlineData("a=b#c", "a", "b#c")]
    public void A_line_is_a_key_and_a_value(string text, string key, string value)
    {
        Assert.Equal([KeyValuePair.Create(key, value)], PropertiesFile.Parse(text));
    }

    [Fact]
    public void Comments_and_blank_lines_do_not_count_except_inside_a_continued_line()
    {
        Assert.Equal(
            [KeyValuePair.Create("a", "1"), KeyValuePair.Create("b", "2#3")],
            PropertiesFile.Parse("# one\n\n! two\n  \t\na=1\n#c=4\\\nb=2\\\n#3\n"));
    }

    [Fact]
    public void A_continuation_at_the_end_of_the_text_ends_there()
    {
        Assert.Equal([KeyValuePair.Create("a", "b")], PropertiesFile.Parse("a=b\\"));
    }
}
